/** Tokens of requests: where they stand, whether they are good, and what they claim. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.jwt;
