import { at } from '#core/at.ts';
import { SUSPECTS_FILE } from '#core/keys.ts';
import { leftOutInWords } from '#core/left-out-in-words.ts';
import { count } from '#core/quantities.ts';
import type { Findings, ShownCopies } from '../findings.ts';
import type { ReportData } from '../report-data.ts';
import { type Html, html, name, prose } from './html.ts';
import { answers, tile } from './images.ts';
import { images } from './numbers.ts';

/** What should be known of the images themselves: doubtful labels, copies, warnings, and what was left out. */
export function datasetSection({ card, findings }: ReportData): Html {
  const { data, classes } = card;
  const { takenFor, leftOut = [], warnings, lists = [] } = data;
  const told = [
    ...warnings.map((warning) => html`<li>${prose(warning)}</li>`),
    ...(takenFor ? [html`<li>The upload was taken for ${takenFor}.</li>`] : []),
    ...(lists.length > 0
      ? [
          html`<li>Labels were read from ${lists.map((list, i) => html`${i > 0 && ', '}${name(list)}`)}.</li>`,
        ]
      : []),
    ...leftOut.map((each) => html`<li>Left out: ${leftOutInWords(each)}.</li>`),
  ];
  return html`<section id="dataset">
<h2>Your images</h2>
${labels(findings, classes)}
${copies(findings, classes)}
<h3 id="notes">What else was noticed</h3>
${told.length === 0 ? html`<p>Nothing. Every file was used.</p>` : html`<ul>${told}</ul>`}
</section>`;
}

function labels({ suspects }: Findings, classes: readonly string[]): Html {
  const { judged, count: found, shown } = suspects;
  const among = `the ${images(judged)} that it could judge without having learned from them`;
  const what =
    found === 0
      ? html`<p>None stands out among ${among}.</p>`
      : html`<p>For ${found === 1 ? 'one' : count(found)} of ${among}, it contradicts the label as confidently as it is about images of the class that it suggests. Either the label is wrong, or the image is a hard one.${found > shown.length && ` The ${count(shown.length)} least likely labels are shown.`} All are listed in ${SUSPECTS_FILE}.</p>${answers(shown, classes)}`;
  return html`<h3 id="labels">Labels that may be wrong</h3>${what}`;
}

function copies({ copies: found }: Findings, classes: readonly string[]): Html {
  const { groups, images: n, conflicts, shown } = found;
  if (groups === 0)
    return html`<h3 id="copies">Copies</h3><p>None: no two images show the same, or nearly the same.</p>`;
  const inSeveral =
    conflicts === 0
      ? ''
      : ` ${conflicts === 1 ? 'One of the groups is' : `${count(conflicts)} of the groups are`} in more than one class.`;
  const more = groups - shown.length;
  return html`<h3 id="copies">Copies</h3>
<p>${count(n)} images belong to ${groups === 1 ? 'a group' : `${count(groups)} groups`} that show the same or nearly the same. Each group was kept on one side of the split, so that no copy made the test easier.${inSeveral}${more > 0 && ` ${count(shown.length)} groups are shown.`}</p>
<div class="pairs">${shown.map((group) => copyGroup(group, classes))}</div>`;
}

function copyGroup(
  { isExact, images: shown, more }: ShownCopies,
  classes: readonly string[],
): Html {
  const n = shown.length + more;
  const inClasses = new Set(shown.map(({ label }) => label)).size;
  const kind = isExact
    ? `${count(n)} images with the same pixels`
    : `${count(n)} images that look nearly the same`;
  return html`<div class="pair"><p class="small${inClasses > 1 && ' bad'}">${kind}${inClasses > 1 && ', in different classes'}</p>
<div class="row">${shown.map((image) => tile(image, html`${name(at(classes, image.label))}<br>${name(image.path)}`))}</div></div>`;
}
