import { start } from '../../src/start';
import { Double } from './backend';
import type { ClipFacts } from './clip';

declare global {
  interface Window {
    double: Double;
  }
}

const facts = (await (await fetch('/clip/facts')).json()) as ClipFacts;
window.double = new Double(facts, new URLSearchParams(location.search));
const target = document.getElementById('app');
if (target !== null) start(target, window.double);
