package dev.lateen.proxycore.filter;

import java.time.Duration;

/**
 * A filter of a listener, of connections or of HTTP, whose configuration comes by itself: extension config discovery ({@code
 * envoy.config.core.v3.ExtensionConfigSource}).
 *
 * @param name of the filter, under which its configuration is asked for
 * @param patience how long its listener waits for the first configuration; zero means for ever
 * @param immediate whether its listener does not wait, as the default will do
 */
public record DiscoveredFilter(String name, Duration patience, boolean immediate) {}
