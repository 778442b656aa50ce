package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** A control plane under test, whose configuration is changed as a whole. */
interface ControlSide extends AutoCloseable {
    /** Where proxies get their configuration, on the loopback. */
    int xdsPort();

    /** Replaces all rules. */
    void apply(List<ObjectNode> objects) throws IOException, InterruptedException;

    /** What a proxy has said no to since then. */
    List<String> refused();

    /** Whether both proxies have accepted all that was sent since then. */
    boolean synced();

    /** The resources of a name that the sidecar gets, as lines of JSON. */
    String sent(String name) throws IOException, InterruptedException;

    @Override
    void close();
}
