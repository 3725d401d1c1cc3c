/* Who predicts, in selects and in words. */
"use strict";

/** Fill a select with the players; with `models`, those of each model by number.
 * @param {any} select @param {any} page @param {boolean} models */
function choosePlayers(select, page, models) {
  const several = DATA.models.length > 1;
  const options = page.players.flatMap(
    (/** @type {string[]} */ players, /** @type {number} */ m) =>
      m && !models ? [] : players.map((player) => ({ m, player })),
  );
  select.replaceChildren(
    ...options.map((/** @type {{m: number, player: string}} */ { m, player }) =>
      make("option", { value: models ? `${m} ${player}` : player }),
    ),
  );
  SPOKEN.push(() =>
    [...select.options].forEach((option, i) => {
      const { m, player } = options[i];
      option.textContent = playerName(player, models && several ? m : -1);
    }),
  );
  const label = select.closest("label");
  if (label && options.length < 2) label.hidden = true;
}

/** A player in words, with its model's name if there are two. @param {string} player
 * @param {number} model -1 for none */
function playerName(player, model = -1) {
  const name = t(`player.${player}`);
  return model < 0 ? name : `${DATA.models[model].name}: ${name}`;
}
