/** Kinds of Kubernetes that say where requests go: the Gateway API (gateway.networking.k8s.io) and Ingress. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config.kubernetes;
