package dev.lateen.proxycore;

import dev.lateen.proxycore.overload.Resource;
import org.jspecify.annotations.Nullable;

/**
 * A failure that says who: what a proxy knows about an answer that it gave in place of the app.
 *
 * @param side on whose side it went wrong
 * @param phase how far the stream had come
 * @param flag Envoy's response flag; null for those that Envoy gives none
 * @param status the status that the caller gets; 0 for a stream without HTTP
 * @param details Envoy's response code details, such as {@code no_healthy_upstream}
 * @param peer whom it concerns: a cluster, an address, or empty
 * @param setting the configuration responsible, in the words of the object that a person edits, or empty
 * @param advice what to do, one sentence
 * @param body the text that the caller gets
 */
public record Fault(
        Side side,
        Phase phase,
        @Nullable ResponseFlag flag,
        int status,
        String details,
        String peer,
        String setting,
        String advice,
        String body) {
    private static final String DURATION = "max_duration_timeout";

    /** On whose side. */
    public enum Side {
        /** The one who called. */
        DOWNSTREAM,
        /** This proxy: its rules or its limits. */
        PROXY,
        /** The one who was called, or the way there. */
        UPSTREAM
    }

    /** How far the stream had come. */
    public enum Phase {
        /** Reading the request's head. */
        REQUEST_HEAD,
        /** Looking for a route. */
        ROUTE,
        /** Looking for an endpoint. */
        SELECT_ENDPOINT,
        /** Waiting for a connection or making one. */
        CONNECT,
        /** Sending the request. */
        REQUEST,
        /** Waiting for the answer's head. */
        WAIT,
        /** The answer has begun. */
        RESPONSE,
        /** Bytes flow both ways without HTTP. */
        TUNNEL
    }

    /** Whether the caller's time is up: callers of gRPC hear DEADLINE_EXCEEDED. */
    public boolean isDeadline() {
        return details.equals(DURATION);
    }

    /** The same where no request but a whole connection is concerned, which is ended without a word. */
    public Fault ofConnection() {
        return new Fault(side, phase, flag, 0, "", peer, setting, advice, "");
    }

    /** No virtual host or route takes the request. */
    public static Fault noRoute(String authority, String routeTable, String reason) {
        return new Fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.NR,
                404,
                "route_not_found",
                authority,
                "route configuration \"" + routeTable + "\"",
                "Add a Service, ServiceEntry or VirtualService that takes this host and path: " + reason + ".",
                "");
    }

    /** The listener's route table did not come. */
    public static Fault noRoutes(String authority, String routeTable) {
        return new Fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.NR,
                404,
                "route_configuration_not_found",
                authority,
                "route configuration \"" + routeTable + "\"",
                "The control plane has not sent this route table: look at proxy-status.",
                "");
    }

    /** The route names a cluster that this proxy does not have. */
    public static Fault noCluster(String cluster, int status) {
        return new Fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.NC,
                status,
                "cluster_not_found",
                cluster,
                "the route's destination",
                "Check that the destination's host, port and subset exist: no cluster \"" + cluster
                        + "\" is known here.",
                "");
    }

    /** The proxy is short of memory: it refuses what it would have to hold. */
    public static Fault overload(Resource scarce) {
        return new Fault(
                Side.PROXY,
                Phase.REQUEST_HEAD,
                ResponseFlag.OM,
                503,
                "overload",
                scarce.label(),
                "the memory of the proxy",
                "The proxy is short of memory (" + scarce.label()
                        + "): give it more, or send fewer requests at a time.",
                "proxy overloaded");
    }

    /** DNS has no address for the name that a request asks for. */
    public static Fault nameUnknown(String host, String cluster) {
        return new Fault(
                Side.UPSTREAM,
                Phase.SELECT_ENDPOINT,
                ResponseFlag.DF,
                503,
                "dns_resolution_failure",
                cluster,
                "",
                "Look whether DNS of the proxy's pod knows \"" + host + "\".",
                "DNS resolution failure");
    }

    /** The cluster has no endpoint that may be used. */
    public static Fault noHealthyUpstream(String cluster, String reason) {
        return new Fault(
                Side.UPSTREAM,
                Phase.SELECT_ENDPOINT,
                ResponseFlag.UH,
                503,
                "no_healthy_upstream",
                cluster,
                "",
                "Look at the endpoints of \"" + cluster + "\": " + reason + ".",
                "no healthy upstream");
    }

    /** A circuit breaker is open. */
    public static Fault overflow(String cluster, String limit) {
        return new Fault(
                Side.PROXY,
                Phase.CONNECT,
                ResponseFlag.UO,
                503,
                "upstream_reset_before_response_started{overflow}",
                cluster,
                "connectionPool: " + limit,
                "More calls than the limit allows were in flight: raise the limit or send less.",
                "upstream connect error or disconnect/reset before headers. reset reason: overflow");
    }

    /** There is no connection, for one of the reasons before one is there. */
    public static Fault unconnected(ResetReason reason, String cluster, String peer, String detail) {
        return switch (reason) {
            case OVERFLOW -> overflow(cluster, detail);
            case CONNECTION_TIMEOUT -> connectTimeout(peer, cluster);
            default -> connectFailure(peer, detail);
        };
    }

    /** No connection could be made. */
    public static Fault connectFailure(String peer, String reason) {
        return new Fault(
                Side.UPSTREAM,
                Phase.CONNECT,
                ResponseFlag.UF,
                503,
                "upstream_reset_before_response_started{remote_connection_failure|" + reason.replace(' ', '_') + "}",
                peer,
                "",
                "Nothing took the connection: check that the app listens there.",
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, "
                        + "transport failure reason: " + reason);
    }

    /** The connection could not be made in time. */
    public static Fault connectTimeout(String peer, String cluster) {
        return new Fault(
                Side.UPSTREAM,
                Phase.CONNECT,
                ResponseFlag.UF,
                503,
                "upstream_reset_before_response_started{connection_timeout}",
                peer,
                "connectionPool.tcp.connectTimeout of \"" + cluster + "\"",
                "The endpoint did not take the connection in time: check the network on the way and the app's load.",
                "upstream connect error or disconnect/reset before headers. reset reason: connection timeout");
    }

    /** The peer ended the stream or its connection before it answered, or its answer was none. */
    public static Fault upstreamReset(String peer, ResetReason reason) {
        return new Fault(
                Side.UPSTREAM,
                Phase.WAIT,
                reason.flag(),
                reason == ResetReason.PROTOCOL_ERROR ? 502 : 503,
                reason.details("upstream_reset_before_response_started"),
                peer,
                "",
                switch (reason) {
                    case PROTOCOL_ERROR -> "The answer is none of HTTP: check which protocol the app speaks there.";
                    case REMOTE_RESET, REMOTE_REFUSED ->
                        "The app gave the request up without an answer: look at its log.";
                    default -> "The app closed the connection without an answer: look at its log and its restarts.";
                },
                "upstream connect error or disconnect/reset before headers. reset reason: " + reason.text());
    }

    /** The route's time is up. */
    public static Fault requestTimeout(String peer, String setting) {
        return new Fault(
                Side.UPSTREAM,
                Phase.WAIT,
                ResponseFlag.UT,
                504,
                "response_timeout",
                peer,
                setting,
                "The answer took longer than the rule allows: raise the timeout or find out why the app is slow.",
                "upstream request timeout");
    }

    /** The time of one try is up and no other try is left. */
    public static Fault perTryTimeout(String peer, String setting) {
        return new Fault(
                Side.UPSTREAM,
                Phase.WAIT,
                ResponseFlag.UT,
                504,
                "upstream_per_try_timeout",
                peer,
                setting,
                "No try was answered in time: raise perTryTimeout or find out why the app is slow.",
                "upstream request timeout");
    }

    /** The endpoint of a try said nothing for too long. */
    public static Fault perTryIdleTimeout(String peer) {
        return new Fault(
                Side.UPSTREAM,
                Phase.WAIT,
                ResponseFlag.UT,
                504,
                "upstream_per_try_idle_timeout",
                peer,
                "retries.perTryIdleTimeout",
                "The endpoint was silent for too long: raise the limit or find out why the app is slow.",
                "upstream request timeout");
    }

    /** The request lived for as long as its cluster allows. */
    public static Fault upstreamDuration(String peer, int status) {
        return new Fault(
                Side.UPSTREAM,
                Phase.WAIT,
                ResponseFlag.UMSDR,
                status,
                "upstream_max_stream_duration_reached",
                peer,
                "the cluster's max_stream_duration",
                "The request took longer than the cluster allows: raise the limit or find out why the app is slow.",
                "upstream max stream duration reached");
    }

    /**
     * Neither side said anything for too long.
     *
     * @param status 408 while the client had the word, else 504
     */
    public static Fault streamIdle(int status) {
        return new Fault(
                status == 408 ? Side.DOWNSTREAM : Side.UPSTREAM,
                status == 408 ? Phase.REQUEST : Phase.WAIT,
                ResponseFlag.SI,
                status,
                "stream_idle_timeout",
                "",
                "stream_idle_timeout",
                "Nothing was sent for too long: raise the limit or find out who waits for whom.",
                "stream timeout");
    }

    /** The request lived for as long as the listener, its route or its caller's deadline allows. */
    public static Fault streamDuration(int status) {
        return new Fault(
                status == 408 ? Side.DOWNSTREAM : Side.UPSTREAM,
                status == 408 ? Phase.REQUEST : Phase.WAIT,
                null,
                status,
                DURATION,
                "",
                "max_stream_duration",
                "The request took longer than allowed: raise the limit or find out why it takes so long.",
                "downstream duration timeout");
    }

    /** The client did not send its request whole in time. */
    public static Fault requestIncomplete() {
        return new Fault(
                Side.DOWNSTREAM,
                Phase.REQUEST,
                null,
                408,
                "request_overall_timeout",
                "",
                "request_timeout",
                "The client sent too slowly, or stopped: look at the client and the network on the way.",
                "request timeout");
    }
}
