// The map application in a real browser: the parts run in one process, so in one browser.
import './parts/start.mjs';
import './parts/search.mjs';
import './parts/identify.mjs';
import './parts/address.mjs';
import './parts/layers.mjs';
import './parts/keyboard.mjs';
import './parts/phone.mjs';
import './parts/faults.mjs';
import './parts/office.mjs';
import './parts/tiles.mjs';
