'use strict';
// The schema of the GraphQL back ends: whatever `login` is called with is reported.

const typeDefs = `
  input Login { token: String }
  type Query { login(token: String, login: Login): String }
  type Mutation { login(token: String, login: Login): String }
`;
const login = (_, { token, login: object }, { report }) => {
  report.add('graphql', '', [token, object?.token]);
  return '';
};

module.exports = { typeDefs, resolvers: { Query: { login }, Mutation: { login } } };
