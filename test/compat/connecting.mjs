/** Has one application sign nobody in by `management`, and everybody again; tells what it read, and how a change was refused. */
export async function disableAndEnable(management, clientId) {
  const {
    data: [{ id }],
  } = await management.connections.list({ strategy: ['auth0'] });
  const { clients } = management.connections;
  const isEnabled = async () => {
    const { data } = await clients.get(id);
    return data.some(({ client_id: one }) => one === clientId);
  };
  const { options } = await management.connections.update(id, {
    options: { passwordPolicy: 'low', disable_signup: false },
  });
  await clients.update(id, [{ client_id: clientId, status: false }]);
  const off = await isEnabled();
  await clients.update(id, [{ client_id: clientId, status: true }]);
  const refused = await management.connections
    .update(id, { options: { passwordPolicy: 'excellent' } })
    .catch(({ statusCode }) => statusCode);
  return { options, off, on: await isEnabled(), refused };
}
