import { connect } from './backend';
import { start } from './start';

const target = document.getElementById('app');
if (target === null) throw new Error('BUG: index.html has no #app');
start(target, connect());
