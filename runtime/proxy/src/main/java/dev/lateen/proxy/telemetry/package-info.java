/** What a proxy tells of its traffic: Istio's metrics, Envoy's statistics, spans. */
@org.jspecify.annotations.NullMarked
package dev.lateen.proxy.telemetry;
