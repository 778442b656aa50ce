package dev.lateen.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The demo's own local cluster, by way of the {@code lateen} command. */
final class Cluster {
    static final String NAME = "demo";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Shell shell;
    private final boolean keep;
    private Traces before = Traces.none();
    private boolean running;

    Cluster(Shell shell, boolean keep) {
        this.shell = shell;
        this.keep = keep;
    }

    /** Starts it, with nothing in it. */
    void start(Walk walk) throws IOException, InterruptedException, ChapterException {
        before = Traces.ofHost(shell);
        discardRest(walk);
        walk.run("lateen up --bare --name " + NAME + " | tee /dev/stderr >\"$LATEEN_VARIABLES.up\"");
        running = true;
        walk.run("source \"$LATEEN_VARIABLES.up\"");
    }

    /** A demo that was killed leaves its objects, as any cluster does; they are no beginning for this one. */
    private void discardRest(Walk walk) throws IOException, InterruptedException {
        if (shell.run("lateen status --name " + NAME, PATIENCE).exit() != 0
                && shell.run("lateen down --name " + NAME, PATIENCE).exit() == 0) {
            walk.say("What an earlier demo left that was cut short is removed.");
        }
    }

    /** Stops it, unless it is to stay, and claims that nothing of it is left. */
    void stop(Walk walk) throws IOException, InterruptedException, ChapterException {
        if (keep) {
            walk.say("The cluster stays: lateen down --name " + NAME + " ends it.");
            return;
        }
        Traces inside = Traces.ofCluster(shell, NAME);
        Path state = Path.of(walk.silently("dirname $(lateen kubeconfig --name " + NAME + ")")
                .out()
                .strip());
        walk.claim("the cluster had processes and namespaces of its own", !inside.isEmpty(), "none found");
        walk.run(Deviation.PROOF, "lateen down --name " + NAME);
        running = false;
        List<String> left = inside.stillThere(shell);
        walk.claim("no process and no namespace of it is left", left.isEmpty(), String.join(", ", left));
        List<String> more = Traces.ofHost(shell).besides(before);
        walk.claim("no mount, interface or packet rule is left on the host", more.isEmpty(), String.join("; ", more));
        walk.claim("no file is left", !Files.exists(state), state + " exists");
    }

    /** Stops it in any case but that it is to stay, and says nothing. */
    void abandon() throws IOException, InterruptedException {
        if (running && !keep) {
            shell.run("lateen down --name " + NAME, PATIENCE);
            running = false;
        }
    }
}
