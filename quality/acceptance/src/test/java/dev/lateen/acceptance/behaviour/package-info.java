/** Behaviours: manifests in, requests sent, what arrives where; written once, run on our proxy and on Envoy. */
@org.jspecify.annotations.NullMarked
package dev.lateen.acceptance.behaviour;
