import { at } from '#core/at.ts';
import type { ShownAnswer, ShownImage } from '../findings.ts';
import { bar } from './bars.ts';
import { type Html, html, name } from './html.ts';
import { probability } from './numbers.ts';

/** A thumbnail, or a box that says that there is none. */
export const picture = ({ thumbnail, path }: ShownImage): Html =>
  thumbnail === undefined
    ? html`<span class="picture">not shown</span>`
    : html`<img class="picture" src="${thumbnail}" alt="${path}" width="88" height="88">`;

/** An image with the classes that the student thought most probable; its label is bold. */
export function answer(shown: ShownAnswer, classes: readonly string[], id?: string): Html {
  const { best, label, predicted, path, ofLabel } = shown;
  const rows = best.map((belief) => {
    const is =
      belief.label === label ? 'is-label' : belief.label === predicted ? 'is-wrong' : 'is-other';
    return html`<li class="${is}">${name(at(classes, belief.label))} <span>${probability(belief.probability)}</span>${bar(belief.probability)}</li>`;
  });
  const isListed = best.some((belief) => belief.label === label);
  const own = isListed
    ? undefined
    : html`<li class="is-label">${name(at(classes, label))} <span>${probability(ofLabel)}</span>${bar(ofLabel)}</li>`;
  return html`<li class="answer"${id !== undefined && html` id="${id}"`}>${picture(shown)}<ol class="beliefs">${rows}${own}</ol><span class="path">${name(path)}</span></li>`;
}

/** @param idOf an image that can be linked to */
export const answers = (
  shown: readonly ShownAnswer[],
  classes: readonly string[],
  idOf: (image: ShownAnswer) => string | undefined = () => undefined,
): Html => html`<ul class="answers">${shown.map((each) => answer(each, classes, idOf(each)))}</ul>`;

/** A thumbnail with a word below. */
export const tile = (image: ShownImage, caption: Html): Html =>
  html`<figure class="tile">${picture(image)}<figcaption>${caption}</figcaption></figure>`;
