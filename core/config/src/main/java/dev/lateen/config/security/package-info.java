/** The kinds of security.istio.io: who must show a certificate, who may call whom, whose tokens are believed. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config.security;
