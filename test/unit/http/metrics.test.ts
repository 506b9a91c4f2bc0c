import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/http/metrics.ts';

test('figures come out in the format of Prometheus', async () => {
  const metrics = createMetrics();
  metrics.request({ method: 'POST', route: '/token', status: 200, seconds: 0.003 });
  metrics.document();
  metrics.refused('overload');
  metrics.signIn('verified');
  metrics.tokenIssued('access_token', 'authorization_code');
  const text = await metrics.text();
  expect(text).toContain(
    'latchkey_http_request_seconds_count{method="POST",route="/token",status="200"} 1',
  );
  expect(text).toContain('latchkey_http_documents_total 1');
  expect(text).toContain('latchkey_http_refused_total{reason="overload"} 1');
  expect(text).toContain('latchkey_sign_ins_total{result="verified"} 1');
  expect(text).toContain(
    'latchkey_tokens_issued_total{kind="access_token",grant_type="authorization_code"} 1',
  );
});

test('figures of Node itself, which take watching, are left out when nobody asks for them', async () => {
  expect(await createMetrics().text()).toContain('nodejs_eventloop_lag_seconds');
  expect(await createMetrics({ ofProcess: false }).text()).not.toMatch(/nodejs_|process_/);
});

test('sources are read at each look', async () => {
  const metrics = createMetrics();
  let phase = 'published';
  let number = 41;
  metrics.watch({
    keys: () => [{ algorithm: 'ES256', phase }],
    revocationNumber: () => number,
    statusLists: () => ({ lists: 2, tokens: 700, behindSeconds: Infinity }),
    loopDelaySeconds: () => 0.25,
    requestsUnderWay: () => 3,
    lettersWaiting: async () => 7,
    health: async () => new Map([['state', false]]),
  });
  await metrics.text();
  phase = 'signing';
  number = 42;
  const text = await metrics.text();
  expect(text).toContain('latchkey_signing_keys{algorithm="ES256",phase="signing"} 1');
  expect(text).toContain('latchkey_signing_keys{algorithm="ES256",phase="published"} 0');
  expect(text).toContain('latchkey_signing_keys{algorithm="ES256",phase="revoked"} 0');
  expect(text).toContain('latchkey_revocation_number 42');
  expect(text).toContain('latchkey_status_lists 2');
  expect(text).toContain('latchkey_status_list_tokens 700');
  expect(text).toContain('latchkey_status_lists_behind_seconds +Inf');
  expect(text).toContain('latchkey_http_requests_under_way 3');
  expect(text).toContain('latchkey_letters_waiting 7');
  expect(text).toContain('latchkey_event_loop_delay_seconds 0.25');
  expect(text).toContain('latchkey_healthy{part="state"} 0');
});

test('letters are counted by how a try ended', async () => {
  const metrics = createMetrics();
  metrics.letter('sent');
  metrics.letter('sent');
  metrics.letter('postponed');
  const text = await metrics.text();
  expect(text).toContain('latchkey_letters_total{result="sent"} 2');
  expect(text).toContain('latchkey_letters_total{result="postponed"} 1');
});

test('two nodes of one process keep their figures apart', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.document();
  expect(await other.text()).toContain('latchkey_http_documents_total 0');
});
