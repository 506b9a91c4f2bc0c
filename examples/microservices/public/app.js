// What the page knows comes from its own backend; no token ever gets here.
const boxes = [...document.querySelectorAll('.boxes article')];
const verdict = document.querySelector('#verdict');
const buttons = {
  token: document.querySelector('#revoke-token'),
  grant: document.querySelector('#revoke-grant'),
  refresh: document.querySelector('#refresh'),
};

function show({ box, status, refusedAfterMs }) {
  const article = boxes.find(({ id }) => id === box);
  if (article === undefined) return;
  article.dataset.state = status === 200 ? 'accepted' : 'refused';
  article.querySelector('output').textContent = words(status, refusedAfterMs);
  judge();
}

function words(status, refusedAfterMs) {
  if (status === 200) return 'accepts';
  return refusedAfterMs === undefined
    ? `refuses (${status})`
    : `refused after ${refusedAfterMs} ms`;
}

function judge() {
  const states = boxes.map(({ dataset }) => dataset.state);
  const isAccepted = states.every((state) => state === 'accepted');
  const isRefused = states.every((state) => state === 'refused');
  buttons.token.disabled = !isAccepted;
  buttons.grant.disabled = !isAccepted;
  buttons.refresh.disabled = !isRefused;
  document.querySelector('#sign-in').hidden = states.some((state) => state !== 'idle');
  if (isAccepted) verdict.textContent = 'Accepted everywhere.';
  if (isRefused) verdict.textContent = 'Refused everywhere, and nobody called home.';
}

async function post(path) {
  // The header is what another site cannot send.
  const answer = await fetch(path, { method: 'POST', headers: { 'x-requested-by': 'shop' } });
  return answer.ok;
}

let source;
function listen() {
  source?.close();
  source = new EventSource('/boxes');
  source.addEventListener('message', ({ data }) => show(JSON.parse(data)));
}

async function revoke(what) {
  buttons.token.disabled = true;
  buttons.grant.disabled = true;
  verdict.textContent = 'Revoking …';
  if (!(await post(`/revoke/${what}`)))
    verdict.textContent = 'The issuer could not confirm it: try again.';
}

buttons.token.addEventListener('click', () => void revoke('token'));
buttons.grant.addEventListener('click', () => void revoke('grant'));
buttons.refresh.addEventListener('click', () => void refresh());

async function refresh() {
  if (await post('/refresh')) {
    listen();
    return;
  }
  source?.close();
  verdict.textContent = 'The refresh token fell as well: sign in again.';
  document.querySelector('#sign-in').hidden = false;
  buttons.refresh.disabled = true;
}

listen();
