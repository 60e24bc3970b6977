import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { clock, route, theme } from './state/app.svelte';
import { hub } from './state/hub.svelte';

theme.apply();
route.start();
clock.start();
void hub.start();

const target = document.getElementById('app');
if (target) mount(App, { target });
