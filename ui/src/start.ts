import { mount } from 'svelte';
import type { Backend } from './backend';
import './style/fonts.css';
import './style/tokens.css';
import './style/base.css';
import App from './view/App.svelte';
import NoHost from './view/NoHost.svelte';

/** Opens the window's page on `backend`; null says that this is a page without its program. */
export function start(target: HTMLElement, backend: Backend | null): void {
  if (backend === null) mount(NoHost, { target });
  else mount(App, { target, props: { backend } });
}
