/** Who may do what: rules of access as xDS carries them, decided and explained. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxycore.rbac;
