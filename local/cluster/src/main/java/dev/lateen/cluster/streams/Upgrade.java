package dev.lateen.cluster.streams;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request to switch protocols, from its headers to the handlers in the pipeline. It runs on a virtual thread; what
 * the node refuses is known before the switch, and can still be answered as HTTP.
 */
final class Upgrade {
    private static final Logger LOG = LoggerFactory.getLogger(Upgrade.class);
    private static final String VERSION_FIELD = "X-Stream-Protocol-Version";
    private static final String V5 = "v5.channel.k8s.io";
    private static final String V4 = "v4.channel.k8s.io";
    private static final String TUNNEL = SpdySession.PROTOCOL + "+" + SpdyPortForward.PROTOCOL;

    private final Channel channel;
    private final HttpHeaders headers;
    private final StreamQuery query;
    private final NodeStreams node;
    private final String namespace;
    private final PodTarget pod;

    Upgrade(
            Channel channel,
            HttpHeaders headers,
            StreamQuery query,
            NodeStreams node,
            String namespace,
            PodTarget pod) {
        this.channel = channel;
        this.headers = headers;
        this.query = query;
        this.node = node;
        this.namespace = namespace;
        this.pod = pod;
    }

    /** Switches and joins, or throws what to answer. */
    void run(String subresource) throws StreamException, IOException {
        boolean overWebSocket = ProtocolSwitch.asksFor(headers, "websocket");
        if (overWebSocket) {
            String problem = ProtocolSwitch.webSocketProblem(headers);
            if (problem != null) {
                throw new StreamException(400, problem);
            }
        } else if (!ProtocolSwitch.asksFor(headers, SpdySession.PROTOCOL)) {
            throw new StreamException(400, "Upgrade request required");
        }
        boolean isForward = subresource.equals("portforward");
        String container = isForward ? "" : pod.container(query.container());
        if (!pod.scheduled()) {
            throw new StreamException(400, "pod " + pod.name() + " does not have a host assigned");
        }
        if (isForward) {
            portForward(overWebSocket);
        } else {
            command(subresource, container, overWebSocket);
        }
    }

    private void command(String subresource, String container, boolean overWebSocket)
            throws StreamException, IOException {
        boolean tty = query.flag("tty");
        var wanted =
                new RemoteCommand.Wanted(query.flag("stdin"), query.flag("stdout"), query.flag("stderr") && !tty, tty);
        if (!wanted.stdin() && !wanted.stdout() && !wanted.stderr()) {
            throw new StreamException(400, "you must specify at least 1 of stdin, stdout, stderr");
        }
        String protocol = overWebSocket
                ? choose(ProtocolSwitch.values(headers, "Sec-WebSocket-Protocol"), List.of(V5, V4))
                : choose(ProtocolSwitch.values(headers, VERSION_FIELD), SpdyCommand.VERSIONS);
        boolean isExec = subresource.equals("exec");
        ExecSession session = isExec
                ? node.exec(namespace, pod.name(), container, query.command(), wanted.stdin(), tty)
                : node.attach(namespace, pod.name(), container, wanted.stdin(), tty);
        var command = new RemoteCommand(subresource + " " + namespace + "/" + pod.name(), session, isExec);
        channel.eventLoop().execute(() -> {
            boolean joined =
                    overWebSocket ? joinByWebSocket(command, wanted, protocol) : joinBySpdy(command, wanted, protocol);
            if (!joined) {
                Thread.ofVirtual().name("abandoned command").start(command::abandon);
            }
        });
    }

    private boolean joinByWebSocket(RemoteCommand command, RemoteCommand.Wanted wanted, String protocol) {
        var client = new CommandWebSocket(channel, protocol.equals(V5), command);
        if (!ProtocolSwitch.complete(
                channel, ProtocolSwitch.webSocketAnswer(headers, protocol), ProtocolSwitch.overWebSocket(client))) {
            return false;
        }
        client.start(wanted);
        return true;
    }

    private boolean joinBySpdy(RemoteCommand command, RemoteCommand.Wanted wanted, String protocol) {
        var client = new SpdyCommand(channel, protocol, wanted, command);
        if (!ProtocolSwitch.complete(
                channel, spdyAnswer(protocol), client.session().handlers())) {
            return false;
        }
        client.awaitStreams();
        return true;
    }

    private void portForward(boolean overWebSocket) throws StreamException {
        if (!overWebSocket) {
            choose(ProtocolSwitch.values(headers, VERSION_FIELD), List.of(SpdyPortForward.PROTOCOL));
            var forward = new SpdyPortForward(channel, node, namespace, pod.name());
            join(spdyAnswer(SpdyPortForward.PROTOCOL), forward.session().handlers());
            return;
        }
        String protocol = choose(ProtocolSwitch.values(headers, "Sec-WebSocket-Protocol"), List.of(TUNNEL, V4, ""));
        Map<String, String> answer = ProtocolSwitch.webSocketAnswer(headers, protocol);
        if (protocol.equals(TUNNEL)) {
            var forward = new SpdyPortForward(channel, node, namespace, pod.name());
            var handlers = new ArrayList<>(List.of(forward.session().handlers()));
            handlers.addFirst(new WebSocketTunnel());
            join(answer, ProtocolSwitch.overWebSocket(handlers.toArray(ChannelHandler[]::new)));
        } else {
            var forward = new WebSocketPortForward(channel, node, namespace, pod.name(), query.ports());
            channel.eventLoop().execute(() -> {
                if (ProtocolSwitch.complete(channel, answer, ProtocolSwitch.overWebSocket(forward))) {
                    forward.start();
                }
            });
        }
    }

    private void join(Map<String, String> answer, ChannelHandler... handlers) {
        channel.eventLoop().execute(() -> {
            if (!ProtocolSwitch.complete(channel, answer, handlers)) {
                LOG.debug("a client left before its upgrade: {}", Arrays.toString(handlers));
            }
        });
    }

    private static Map<String, String> spdyAnswer(String protocol) {
        return Map.of("Upgrade", SpdySession.PROTOCOL, VERSION_FIELD, protocol);
    }

    /** The first protocol of the client's that we speak; a SPDY client that names none means the oldest. */
    private static String choose(List<String> offered, List<String> spoken) throws StreamException {
        if (offered.isEmpty() && (spoken.contains("") || spoken.equals(SpdyCommand.VERSIONS))) {
            return spoken.getLast();
        }
        for (String protocol : offered) {
            if (spoken.contains(protocol)) {
                return protocol;
            }
        }
        throw new StreamException(
                403,
                "unable to upgrade: unable to negotiate protocol: client supports " + goList(offered)
                        + ", server accepts " + goList(spoken));
    }

    private static String goList(List<String> names) {
        return "[" + String.join(" ", names) + "]";
    }
}
