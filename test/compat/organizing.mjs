/** Invites somebody to an organization with a role, and gives and takes a member's roles there, by `management`. */
export async function inviteAndGiveRoles(management, { organization, clientId, email }) {
  const { id: role } = await management.roles.create({ name: 'Buyer' });
  await management.organizations.invitations.create(organization, {
    inviter: { name: 'Alice' },
    invitee: { email },
    client_id: clientId,
    roles: [role],
  });
  const [{ user_id: member }] = await management.users.listUsersByEmail({
    email: 'alice@example.com',
  });
  const { members } = management.organizations;
  await members.create(organization, { members: [member] });
  const held = async () =>
    (await members.roles.list(organization, member)).data.map(({ name }) => name);
  await members.roles.assign(organization, member, { roles: [role] });
  const given = await held();
  const { data } = await members.list(organization, { fields: 'roles', include_fields: true });
  await members.roles.delete(organization, member, { roles: [role] });
  return {
    given,
    listed: data.flatMap((one) => one.roles.map(({ name }) => name)),
    left: await held(),
  };
}
