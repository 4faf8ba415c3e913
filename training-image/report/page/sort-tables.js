// Lets readers sort the tables that are marked for it; without it, they are as they are.
for (const table of document.querySelectorAll('table[data-sortable]')) {
  const [body] = table.tBodies;
  for (const header of table.tHead.querySelectorAll('th')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener('click', () => {
      const isDescending = header.ariaSort !== 'descending';
      for (const other of table.tHead.querySelectorAll('th')) other.ariaSort = null;
      header.ariaSort = isDescending ? 'descending' : 'ascending';
      const keyOf = ({ cells }) => {
        const cell = cells[header.cellIndex];
        return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
      };
      const compare = (a, b) => (typeof a === 'number' ? a - b : a.localeCompare(b));
      const rows = [...body.rows].sort((a, b) => compare(keyOf(a), keyOf(b)));
      body.append(...(isDescending ? rows.reverse() : rows));
    });
  }
}
