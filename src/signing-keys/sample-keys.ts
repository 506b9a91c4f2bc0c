/** RFC 7638 thumbprints of keys whose private halves are printed in RFCs: everybody has them. */
export const SAMPLE_KEYS: ReadonlyMap<string, string> = new Map([
  ['IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8', 'RFC 7515 appendix A.2'],
  ['oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U', 'RFC 7515 appendix A.3'],
  ['xtIsOV1FqKH77AI_A3jdTg5QfdabzqI-LNpYTPi0IgI', 'RFC 7516 appendix A.1'],
  ['_K0fXS8wlsT7Tn3vvZrs9qdKUIqi5AxQ5EVk41xi_BM', 'RFC 7516 appendix A.2'],
  ['cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s', 'RFC 7517 appendix A.2'],
  ['NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', 'RFC 7517 appendix A.2'],
  ['D8R4-FeTJfzuDUy8bZ0c4hcwpul-Q11gCPs3mw6-R9Q', 'RFC 7517 appendix C.1'],
  ['_GK0r6GCoJt9zcssg9lay4obIxgCq05ntiRymRHADSU', 'RFC 7518 appendix C'],
  ['Vy57XrArUrW0NbpI12tEzDHABxMwrTh6HHXRenSpnCo', 'RFC 7518 appendix C'],
  ['9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI', 'RFC 7520 section 3.3'],
  ['Rt-IyDEhXohvTl_ozKQ9YGflXGuDb3uu3QmqN2LoMwM', 'RFC 7520 section 5.2'],
  ['kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', 'RFC 8037 appendix A.1'],
]);
