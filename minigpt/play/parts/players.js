/* Who predicts, in selects and in words, and how well. */
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

/** Bits a character of every player on the whole held-out text, a line for each model.
 * @param {any} page */
function heldOut(page) {
  const lines = DATA.models.map(
    (/** @type {any} */ { facts, name }, /** @type {number} */ model) => {
      const players = ["bits", ...page.players[model]]; // of others nothing is said
      const told = ["bits", "counting", "mixture"]
        .filter((key) => facts[key] && players.includes(key))
        .map((key) => t(`surprise.${key}`, { bits: number(facts[key], 2) }));
      if (!told.length) return "";
      return (DATA.models.length > 1 ? `${name}: ` : "") + told.join(t("comma")) + t("stop");
    },
  );
  return lines.filter(Boolean).join("\n");
}
