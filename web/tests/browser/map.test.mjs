// The map application in a real browser against a running server with demo data.
import { after } from 'node:test';
import { quit } from './helpers.mjs';
import './suites/start.mjs';
import './suites/find.mjs';
import './suites/layers.mjs';
import './suites/keyboard.mjs';
import './suites/live.mjs';
import './suites/pages.mjs';

after(quit);
