import { start } from '../../src/start';
import { Twin } from './backend';

declare global {
  interface Window {
    twin: Twin;
  }
}

window.twin = new Twin();
const target = document.getElementById('app');
if (target !== null) start(target, window.twin);
