import { describe, expect, it } from '@jest/globals';
import { readEventStoreUrl } from './event-store-url.ts';

const urlOf = (text: string) => {
  const read = readEventStoreUrl(text);
  if ('faults' in read) throw new Error(read.faults.join('; '));
  return read.url;
};
const faultsOf = (text: string) => {
  const read = readEventStoreUrl(text);
  return 'faults' in read ? read.faults.join('; ') : '';
};

describe('a connection string of the event store', () => {
  it('is taken apart: servers, user, TLS, the file of the authority', () => {
    expect(urlOf('esdb://docket:p%40ss@one:2113,two?tlsCAFile=/etc/ca.crt')).toMatchObject({
      address: 'esdb://one:2113,two:2113',
      isCluster: true,
      isSecure: true,
      username: 'docket',
      caFile: '/etc/ca.crt',
      remarks: [],
    });
    expect(urlOf('esdb://127.0.0.1:2113?tls=false')).toMatchObject({
      isCluster: false,
      isSecure: false,
      username: null,
    });
    expect(urlOf('esdb+discover://cluster.example/')).toMatchObject({ isCluster: true });
  });

  it('never switches off that a refused append is thrown, however the option is spelt', () => {
    for (const spelt of ['throwOnAppendFailure', 'throw-on-append-failure', 'THROWONAPPENDFAILURE'])
      expect(urlOf(`esdb://one?tls=false&${spelt}=false`).forClient).toBe(
        'esdb://one:2113?gossipTimeout=1&tls=false',
      );
  });

  it('keeps the user for the client and gives the address without', () => {
    const url = urlOf('esdb://docket:se%3Acret@one?gossipTimeout=3');
    expect(url.forClient).toBe('esdb://docket:se%3Acret@one:2113?gossipTimeout=3');
    expect(url.address).not.toContain('cret');
  });

  it.each([
    ['http://one:2113', 'must begin with esdb://'],
    ['kurrentdb://one:2113', 'must begin with esdb://'],
    ['esdb://', 'must name a host'],
    ['esdb://one:99999', 'a host that cannot be used: "one:99999"'],
    ['esdb://one:2113,,two', 'a host that cannot be used: ""'],
    ['esdb+discover://one,two', 'takes one host name'],
    ['esdb://one?tsl=false', 'an option that the client does not know: "tsl"'],
    ['esdb://one?tls=no', 'tls is true or false'],
    ['esdb://one?tls=', 'no usable value for tls'],
    ['esdb://one?defaultDeadline=soon', 'defaultDeadline is a whole number'],
    ['esdb://one?nodePreference=follower', 'nodePreference must be leader'],
    ['esdb://one?node-preference=random', 'nodePreference must be leader'],
    ['esdb://one?tlsVerifyCert=false', 'name the authority of the certificate by tlsCAFile'],
    ['esdb://one?userCertFile=/a', 'go together'],
    ['esdb://docket@one', 'user:password@host'],
    ['esdb://docket:a:b@one', 'must spell'],
    ['esdb://docket:a@b@one', 'must spell'],
    ['esdb://docket:100%@one', 'must spell % in user and password as %25'],
  ])('%s is refused with a plain sentence', (text, sentence) => {
    expect(faultsOf(text)).toContain(sentence);
  });

  it('never repeats a password in what it says', () => {
    for (const text of ['esdb://docket:geheim:x@one', 'esdb://docket:geheim?x@one'])
      expect(faultsOf(text)).not.toContain('geheim');
  });

  it('says that a user is not sent without TLS', () => {
    expect(urlOf('esdb://docket:geheim@one?tls=false').remarks.join()).toMatch(/"docket".*sends no user/);
  });
});
