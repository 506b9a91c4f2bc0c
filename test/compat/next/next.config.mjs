// Above it lie other locks, which are not its own.
export default { turbopack: { root: import.meta.dirname } };
