export default {
  compilerOptions: {
    runes: true,
    // Built node by node: the browser is never asked to read HTML, so trusted types stay closed.
    fragments: 'tree',
  },
};
