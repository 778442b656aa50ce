package dev.lateen.control.source;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Takes what sources learn. Methods return at once, from any thread; the order of one thread's calls is kept. */
public interface ChangeSink {
    /** A change of the next snapshot. */
    void change(Consumer<Snapshot.Change> change);

    /** Changes of which no snapshot has some and lacks others. */
    default void changes(List<Consumer<Snapshot.Change>> together) {
        change(change -> together.forEach(each -> each.accept(change)));
    }

    /**
     * The cluster told of one object.
     *
     * @param rule whether it is a rule; else it is part of the registry of services
     * @param kind of the object
     * @param event {@code add}, {@code update} or {@code delete}
     */
    void told(boolean rule, String kind, String event);

    /** All that is wrong with one thing that has no status; an empty list clears what was said before. */
    default void problems(ObjectName object, List<Problem> problems) {
        read(object, 0, problems, MissingNode.getInstance());
    }

    /**
     * One object of the API was read.
     *
     * @param generation of the object, for its status; 0 when it is gone or has none
     * @param problems all that is wrong with it now
     * @param tree the object
     */
    void read(ObjectName object, long generation, List<Problem> problems, JsonNode tree);
}
