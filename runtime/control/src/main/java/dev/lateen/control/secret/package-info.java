/** Keys and certificates for proxies out of Secrets: which are meant, who may have them, and what is in them. */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.secret;
