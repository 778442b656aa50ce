/** Active health checks on the wire. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.health;
