//! A window that files can be dragged out of, for the tests of dropping: `drag_source FILE...`.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use gtk::gdk::{DragAction, ModifierType};
    use gtk::prelude::*;
    use gtk::{EventBox, Label, TargetEntry, TargetFlags, Window, WindowType};

    gtk::init()?;
    let addresses = std::env::args_os()
        .skip(1)
        .map(|path| gtk::glib::filename_to_uri(path, None).map(String::from))
        .collect::<Result<Vec<_>, _>>()?;
    let window = Window::new(WindowType::Toplevel);
    window.set_title("Drag from here");
    window.set_default_size(120, 120);
    window.set_keep_above(true);
    window.move_(0, 0);
    let area = EventBox::new();
    area.add(&Label::new(Some("Drag from here")));
    let files = TargetEntry::new("text/uri-list", TargetFlags::empty(), 0);
    area.drag_source_set(ModifierType::BUTTON1_MASK, &[files], DragAction::COPY);
    area.connect_drag_data_get(move |_, _, data, _, _| {
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        data.set_uris(&addresses);
    });
    window.add(&area);
    window.connect_delete_event(|_, _| {
        gtk::main_quit();
        gtk::glib::Propagation::Proceed
    });
    window.show_all();
    gtk::main();
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {}
