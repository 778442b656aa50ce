/** Istio's networking kinds (networking.istio.io) as records. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config.networking;
