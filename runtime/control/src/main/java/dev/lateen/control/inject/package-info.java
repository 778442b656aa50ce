/**
 * Sidecar injection: one pure function from a pod to the pod with its proxy, and its use on manifests. The shape is
 * Istio's, so that whatever knows an injected pod knows ours.
 */
@org.jspecify.annotations.NullMarked
package dev.lateen.control.inject;
