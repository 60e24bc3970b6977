import { open, pageOf } from '/work/wt-ui/dashboard/ui/e2e/browser.mjs';
const [,,base,theme,width,...views]=process.argv;
const b=await open(); const p=await pageOf(b,{viewport:{width:+width,height:+width>1500?1080:+width<500?780:800},colorScheme:theme});
for(const v of views){const [name,path,click]=v.split('='); await p.goto(base+path.replaceAll('~','=')); await p.waitForTimeout(2500); await p.screenshot({path:`/tmp/shots/${name}-${theme}-${width}.png`});}
console.log(p.faults.join('\n')); await b.close();
