/** Active health checks: what is asked, and what follows from the answers. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.health;
