import { Command } from 'commander';
import { out } from '../output.ts';

const DEFAULT_FOLDER = 'my-images';

export const init = (): Command =>
  new Command('init')
    .argument('[folder]', 'where to put it; created if it does not exist', DEFAULT_FOLDER)
    .action(async (folder: string) => {
      const { initDataset } = await import('../init-dataset.ts');
      const { images, classes, besides } = await initDataset(folder);
      const path = /^[\w@%+=:,./-]+$/.test(folder) ? folder : JSON.stringify(folder);
      out(
        images > 0
          ? `Wrote an example to ${folder}: ${images} images of handwritten digits in ${classes.length} class folders (${classes.join(', ')}), and dataset.json, a recipe with comments.`
          : `Wrote dataset.json, a recipe with comments, to ${folder}; no example images, because it has files of its own (${besides}).`,
      );
      if (images > 0)
        out('Put your own images there instead, one folder per class, when you like.');
      out(`\nNext:\n  npx understudy validate ${path}\n  npx understudy train ${path}`);
    });
