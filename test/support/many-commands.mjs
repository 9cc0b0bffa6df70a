// Runs one command of the build after another in this process, for many-commands.ts. `node many-commands.mjs BUILD`.
const [, , build] = process.argv;
const { runProgram } = await import(`${build}/cli/program.js`);
const { Terminal } = await import(`${build}/cli/print/terminal.js`);

class Gathered {
  columns = undefined;
  #blocks = [];

  write(text) {
    this.#blocks.push(Buffer.from(text, 'utf8'));
  }

  writeBytes(bytes) {
    this.#blocks.push(Buffer.from(bytes));
  }

  flush() {}

  get latin1() {
    return Buffer.concat(this.#blocks).toString('latin1');
  }
}

process.on('message', async ({ words, cwd, env }) => {
  process.chdir(cwd);
  const before = Object.keys(env).map((name) => [name, process.env[name]]);
  setVariables(Object.entries(env));
  process.argv.splice(1, Infinity, `${build}/cli/main.js`, ...words);
  const [out, err] = [new Gathered(), new Gathered()];
  const terminal = new Terminal(out, err);
  let onError;
  // As run.ts has it.
  const fault = new Promise((resolve) => {
    onError = (error) => {
      terminal.end(error);
      resolve(terminal.exitCode);
    };
    process.once('uncaughtException', onError);
  });
  const code = await Promise.race([runProgram(words, terminal), fault]);
  process.off('uncaughtException', onError);
  setVariables(before);
  process.send({ code, signal: null, stdout: out.latin1, stderr: err.latin1 });
});

function setVariables(variables) {
  for (const [name, value] of variables) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
