// Plays one voice message or song at a time and moves the bubble while it sounds.

let playing = null;

function stop() {
  if (!playing) return;
  playing.audio?.pause();
  clearTimeout(playing.timer);
  playing.node.dataset.state = "idle";
  playing = null;
}

/** Starts `node`'s sound, or stops it when it is the one that plays. What the browser cannot play still moves for `seconds`. */
export function sound(node, url, seconds, oncannot) {
  const again = playing?.node === node;
  stop();
  if (again) return;
  const mine = { node };
  playing = mine;
  node.dataset.state = "playing";
  const end = () => {
    if (playing === mine) stop();
  };
  const fallBack = () => {
    if (playing !== mine) return;
    if (seconds) mine.timer = setTimeout(end, seconds * 1000);
    else {
      end();
      oncannot();
    }
  };
  if (!url) {
    fallBack();
    return;
  }
  mine.audio = new Audio(url);
  mine.audio.addEventListener("ended", end);
  mine.audio.play().catch(fallBack);
}
