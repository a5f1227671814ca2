'use strict';
// Starts back ends in one process: `node run.js NAME PORT [NAME PORT]...`.

const words = process.argv.slice(2);
for (let at = 0; at < words.length; at += 2) {
  require(`./${words[at]}_app.js`).serve(Number(words[at + 1]));
}
// A request that breaks one back end must not end the others.
process.on('uncaughtException', (error) => console.error(error));
process.on('unhandledRejection', (error) => console.error(error));
