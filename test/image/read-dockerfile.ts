export type Step =
  | { kind: 'ARG'; name: string; value: string | undefined }
  | { kind: 'ENV'; variables: [string, string][] }
  | { kind: 'WORKDIR'; folder: string }
  | { kind: 'COPY'; from: string | undefined; sources: string[]; target: string }
  | { kind: 'RUN'; script: string }
  | { kind: 'ENTRYPOINT'; command: string[] };

export interface Stage {
  base: string;
  name: string | undefined;
  steps: Step[];
}

/**
 * Reads the part of a Dockerfile's language that ours uses.
 *
 * @throws Error for anything else, so that no step is ever passed over
 */
export function readDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  for (const line of logicalLines(text)) {
    const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? [];
    if (word === 'FROM') {
      const [, base, , name] = /^(\S+)(\s+AS\s+(\S+))?$/.exec(rest) ?? [];
      if (!base || base.startsWith('-')) throw notKnown(line);
      stages.push({ base, name, steps: [] });
    } else {
      const stage = stages.at(-1);
      if (!stage) throw notKnown(line); // an ARG before the first FROM
      stage.steps.push(stepOf(word, rest, line));
    }
  }
  return stages;
}

function logicalLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line)) // inside of a continued line, too
    .join('\n')
    .replaceAll('\\\n', '')
    .split('\n');
}

function stepOf(word: string, rest: string, line: string): Step {
  switch (word) {
    case 'ARG': {
      const [, name, , value] = /^(\w+)(=(\S*))?$/.exec(rest) ?? [];
      if (!name) throw notKnown(line);
      return { kind: 'ARG', name, value };
    }
    case 'ENV': {
      const pairs = rest.trim().split(/\s+/);
      const variables = pairs.map((pair): [string, string] => {
        const [, name, value] = /^(\w+)=([^\s"'\\]*)$/.exec(pair) ?? [];
        if (!name || value === undefined) throw notKnown(line);
        return [name, value];
      });
      return { kind: 'ENV', variables };
    }
    case 'WORKDIR':
      return { kind: 'WORKDIR', folder: rest };
    case 'COPY': {
      const [, , from, paths = ''] = /^(--from=(\S+)\s+)?([^-[].*)$/.exec(rest) ?? [];
      const all = paths.split(/\s+/);
      const target = all.pop();
      if (!target || all.length === 0 || /[*?]/.test(paths)) throw notKnown(line);
      return { kind: 'COPY', from, sources: all, target };
    }
    case 'RUN':
      if (/^(--|\[|<<)/.test(rest)) throw notKnown(line);
      return { kind: 'RUN', script: rest };
    case 'ENTRYPOINT':
      return { kind: 'ENTRYPOINT', command: JSON.parse(rest) as string[] };
    default:
      throw notKnown(line);
  }
}

const notKnown = (line: string) => new Error(`The proof cannot execute this line yet: ${line}`);
