package dev.lateen.demo;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The console, open while the chapters run: for who wants to see the mesh move. Whatever is missing for it is said, and
 * is no failure of the demo. One thread.
 */
final class ConsoleWatch implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration TURN = Duration.ofMillis(200);
    private static final int TURNS = 150;
    /** Its own port where that is free. */
    private static final String DASHBOARD = """
            port=20001
            (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && port=$((20002 + RANDOM % 10000))
            exec lateen dashboard console --port $port""";
    /** The browser is its user's, and stays. */
    private static final String BROWSER = """
            [ -n "$DISPLAY$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null &&
            setsid -f xdg-open "$address" >/dev/null 2>&1 </dev/null""";

    private final Shell shell;
    private final boolean wanted;
    private Shell.@Nullable Job job;

    /** @param wanted whether it opens at all */
    ConsoleWatch(Shell shell, boolean wanted) {
        this.shell = shell;
        this.wanted = wanted;
    }

    /** Opens it once; the mesh is installed. */
    void open(Walk walk) throws IOException, InterruptedException {
        if (!wanted || job != null) {
            return;
        }
        shell.run("kubectl rollout status -n istio-system deployment/servicegraph --timeout=25s", PATIENCE);
        Shell.Job opening = shell.start(DASHBOARD);
        job = opening;
        String address = "";
        for (int turn = 0; turn < TURNS && address.isEmpty() && opening.runs(); turn++) {
            Thread.sleep(TURN);
            address = opening.output()
                    .lines()
                    .filter(line -> line.startsWith("http"))
                    .findFirst()
                    .orElse("");
        }
        if (address.isEmpty()) {
            walk.say("the console did not open; the chapters go on without it: "
                    + opening.output().strip());
            close();
            return;
        }
        walk.say("The console is at " + address + " until the demo ends.");
        if (shell.run("address=" + address + "\n" + BROWSER, PATIENCE).exit() != 0) {
            walk.say("(There is no display with a browser to open it in.)");
        }
    }

    /** Ends it. */
    @Override
    public void close() {
        Shell.Job open = job;
        if (open != null) {
            open.stop();
            job = null;
        }
    }
}
