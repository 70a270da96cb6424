// A provider of logins that is down for a while: oauth2-mock-server, whose token endpoint answers 503
// to the first two requests, and `invalid_grant` to the refresh token "taken-back". Its /userinfo is
// the API. Prints {"port": …} once it listens, and ends when its standard input does.

import {OAuth2Server} from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');

let requests = 0;
server.service.on('beforeResponse', (answer, request) => {
  if (++requests <= 2) {
    answer.statusCode = 503;
    answer.body = 'not now';
  } else if (request.body.refresh_token === 'taken-back') {
    answer.statusCode = 400;
    answer.body = {error: 'invalid_grant', error_description: 'somebody took it back'};
  }
});
server.service.on('beforeUserinfo', (answer, request) => {
  const knows = request.headers.authorization?.startsWith('Bearer ey');
  answer.statusCode = knows ? 200 : 401;
  answer.body = knows ? {account: 'octocat'} : {error: 'who are you?'};
});

console.log(JSON.stringify({port: server.address().port}));
process.stdin.on('end', () => process.exit(0)).resume();
