package dev.lateen.acceptance.access;

import dev.lateen.acceptance.access.AccessTable.Question;
import dev.lateen.acceptance.access.AccessTable.Scene;
import dev.lateen.control.ControlPlane;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Puts the table of verdicts to a real proxy, each question as a connection of its own, captured as in a pod. Runs in a
 * network namespace that the caller made:
 *
 * <pre>
 * unshare --net java … AccessOnTheWire lateen|ENVOY-BINARY [SCENE]
 * </pre>
 *
 * Left out are addresses of IPv6, which a pod of this namespace does not have. Callers of a foreign trust domain must be
 * refused whatever a policy says: TLS does not let them in. The last line is {@code N passed, M failed}.
 */
public final class AccessOnTheWire {
    private final String kind;
    private final Wire wire;
    private final Tokens tokens;
    private final Callers callers;

    private AccessOnTheWire(String kind, Wire wire, Tokens tokens) throws Exception {
        this.kind = kind;
        this.wire = wire;
        this.tokens = tokens;
        this.callers = new Callers(wire.authority, tokens);
    }

    /** See the class. */
    public static void main(String[] arguments) throws Exception {
        String only = arguments.length > 1 ? arguments[1] : "";
        List<Scene> scenes = AccessTable.scenes().stream()
                .filter(scene -> scene.name().contains(only))
                .toList();
        Set<Integer> ports = new TreeSet<>();
        scenes.forEach(scene ->
                scene.questions().forEach(question -> ports.add(Integer.parseInt(question.fact("port", "8080")))));
        boolean good;
        int verdicts = 0;
        try (Wire wire = new Wire(ports);
                AskedService _ = new AskedService();
                Tokens tokens = new Tokens()) {
            AccessOnTheWire run = new AccessOnTheWire(arguments[0], wire, tokens);
            for (Scene scene : scenes) {
                verdicts += run.run(scene);
            }
            if (only.isEmpty()) {
                System.out.println(verdicts + " verdicts");
                wire.count(verdicts >= AccessTable.LEAST, "the number of verdicts", verdicts + " were asked for");
            }
            good = wire.report();
        }
        System.exit(good ? 0 : 1);
    }

    /** @return how many questions were put */
    private int run(Scene scene) throws Exception {
        int asked = 0;
        int tried = 0;
        int letIn = 0;
        try (ControlPlane plane = wire.controlPlane(scene.manifests()
                        + tokens.trust(scene)
                        + AskedService.object(scene.settings())
                        + AccessTable.SERVICE);
                WirePeer _ = wire.proxy(kind, scene.role(), plane)) {
            for (Question question : scene.questions()) {
                if (question.fact("ip", "").contains(":")) {
                    continue;
                }
                asked++;
                boolean allowed = ask(scene, question);
                if (!question.allowed()) {
                    tried++;
                    letIn += allowed ? 1 : 0;
                }
            }
        }
        if (scene.isAttack()) {
            System.out.println(scene.name() + ": " + tried + " tried, " + letIn + " let in");
        }
        return asked;
    }

    /** @return whether the workload has answered */
    private boolean ask(Scene scene, Question question) {
        boolean foreign = !question.who().equals("-") && !question.identity()[0].equals("cluster.local");
        boolean expected = question.allowed() && !foreign;
        String answer;
        try {
            answer = callers.ask(scene.role(), question);
        } catch (IOException e) {
            answer = "refused: " + e;
        }
        boolean allowed = answer.startsWith("allowed");
        wire.count(allowed == expected, scene.name() + ": " + question, answer);
        return allowed;
    }
}
