package dev.lateen.proxycore;

import dev.lateen.proxycore.Fault.Phase;
import dev.lateen.proxycore.Fault.Side;

/** Why a proxy ended a connection whose content it does not look at. */
public final class ConnectionFaults {
    private ConnectionFaults() {}

    /** No filter chain of the listener takes it. */
    public static Fault noChain(String listener) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.NR,
                "",
                "listener \"" + listener + "\"",
                "No filter chain takes a connection of this kind: look at the port's protocol, and at whether it has to be TLS.");
    }

    /** A filter's configuration, which comes by itself, has not come. */
    public static Fault notConfigured(String listener) {
        return fault(
                Side.PROXY,
                Phase.ROUTE,
                ResponseFlag.NFCF,
                "",
                "config_discovery of a filter of listener \"" + listener + "\"",
                "The control plane has not sent the filter's configuration: look at its log and at proxy-status.");
    }

    /** The handshake of TLS failed. */
    public static Fault unsecured(String reason) {
        return fault(
                Side.DOWNSTREAM,
                Phase.REQUEST_HEAD,
                ResponseFlag.DPE,
                "",
                "",
                "The client came to no handshake of TLS: " + reason + ".");
    }

    /** It has no server name, by which its endpoint would be looked up. */
    public static Fault noServerName() {
        return fault(
                Side.DOWNSTREAM,
                Phase.SELECT_ENDPOINT,
                ResponseFlag.DF,
                "",
                "",
                "The client's TLS names no server, so nobody knows where it wants to go: have it send SNI.");
    }

    /** The endpoint, a proxy that was asked to take it further, did not. */
    public static Fault tunnelRefused(String peer, int status) {
        return fault(
                Side.UPSTREAM,
                Phase.CONNECT,
                ResponseFlag.UF,
                peer,
                "tunnelingConfig",
                "The proxy that was asked to take the connection further answered " + status + ": look at its log.");
    }

    /** It lived for as long as it may. */
    public static Fault duration() {
        return fault(
                Side.PROXY,
                Phase.TUNNEL,
                ResponseFlag.DT,
                "",
                "max_downstream_connection_duration",
                "The connection lasted longer than allowed: raise the limit, or have the client open a new one.");
    }

    private static Fault fault(Side side, Phase phase, ResponseFlag flag, String peer, String setting, String advice) {
        return new Fault(side, phase, flag, 0, "", peer, setting, advice, "");
    }
}
