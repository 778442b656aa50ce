package dev.lateen.xds.server;

/**
 * What a new assignment takes from a cluster, which decides when in a push it is sent. Endpoints that are gone fail every
 * request until the client knows, so they go first of all. An assignment that has nothing left is like a cluster that is
 * gone: it goes last, after the routes that lead elsewhere now.
 */
enum EndpointLoss {
    NONE,
    SOME,
    ALL;

    static EndpointLoss between(EncodedResource before, EncodedResource now) {
        if (before.version().equals(now.version()) || now.hosts().containsAll(before.hosts())) {
            return NONE;
        }
        return now.hosts().isEmpty() ? ALL : SOME;
    }
}
