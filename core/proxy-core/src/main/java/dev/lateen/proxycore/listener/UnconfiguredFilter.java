package dev.lateen.proxycore.listener;

/**
 * Stands for the filters of a chain one of which has no configuration: it was to come by itself, has not come, and has no
 * default. Connections are closed as soon as they come to the chain ({@code envoy.config.listener.v3.Filter}, {@code
 * config_discovery}); those that are there already go on.
 *
 * @param name of the filter
 */
public record UnconfiguredFilter(String name) implements NetworkFilter {
    @Override
    public String statPrefix() {
        return "";
    }
}
