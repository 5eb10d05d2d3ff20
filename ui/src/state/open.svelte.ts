import type { Backend, Settings, VideoInfo } from '../backend';
import { Conversation } from './conversation.svelte';
import type { Running } from './running.svelte';
import { Note } from './note.svelte';
import { Sees } from './sees.svelte';
import { Viewer } from './viewer.svelte';

/** How long a choice must rest before the model starts to look at it. */
const REST_MS = 400;

/** Everything about the one video that is open. */
export class OpenVideo {
  readonly info: VideoInfo;
  readonly viewer: Viewer;
  readonly sees: Sees;
  readonly conversation: Conversation;
  readonly note = new Note();
  /** The user stopped it: it does not start again by itself. */
  may_prepare = $state(true);

  #stop_effects: () => void;

  constructor(
    backend: Backend,
    info: VideoInfo,
    settings: Settings,
    running: Running,
    say: (words: string) => void,
  ) {
    this.info = info;
    this.may_prepare = settings.prepares_on_open;
    this.viewer = new Viewer(backend, info);
    this.sees = new Sees(backend, this.viewer, settings.preset);
    this.conversation = new Conversation(backend, info, running, {
      changed: () => this.updatePlan(),
      say,
    });
    void this.conversation.open(running.unseen.findLast((one) => one.video === info.id)?.chat);
    this.#stop_effects = $effect.root(() => {
      // The plan follows every choice at once; the work on it waits until the choice rests.
      $effect(() => {
        this.sees.request();
        this.updatePlan();
      });
      $effect(() => {
        const plan = this.sees.plan;
        if (plan === null || !this.may_prepare || this.viewer.is_scrubbing) return;
        const timer = setTimeout(() => void this.sees.prepare(), REST_MS);
        return () => clearTimeout(timer);
      });
    });
  }

  close(): void {
    this.#stop_effects();
    this.sees.close();
    this.viewer.close();
  }

  /** What takes back every choice that is made from now on. */
  remember(): () => void {
    const takeBackView = this.viewer.remember();
    const takeBackChoice = this.sees.remember();
    return () => {
      this.note.clear();
      takeBackView();
      takeBackChoice();
    };
  }

  /** Asks for the plan anew, with what the open conversation takes of the context. */
  updatePlan(): void {
    this.sees.update(this.conversation.chat?.id ?? null);
  }

  stopPreparing(): void {
    this.may_prepare = false;
    this.sees.stopPreparing();
  }

  startPreparing(): void {
    this.may_prepare = true;
    void this.sees.prepare();
  }
}
