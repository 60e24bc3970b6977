import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { clock, route, theme } from './state/app.svelte';
import { askAhead } from './state/execution.svelte';
import { hub } from './state/hub.svelte';

theme.apply();
route.start();
clock.start();
// What the page shows first is on its way before it is known who looks at it.
if (route.place.view === 'execution' && !route.query.has('at')) askAhead(route.place.id);
void hub.start();

const target = document.getElementById('app');
if (target) mount(App, { target });
